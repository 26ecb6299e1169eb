"""The lane to production: what exists there, how programs get there, the proof, and the gate at its end."""
