"""The page in the browser: two workspaces side by side, over the stand-ins."""
