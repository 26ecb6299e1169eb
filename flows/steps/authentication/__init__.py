"""The authentication step: keys, certificates, tokens, and the proof of access."""
