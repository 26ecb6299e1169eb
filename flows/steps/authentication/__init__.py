"""The authentication step: keys, certificates, tokens, and access verification."""
