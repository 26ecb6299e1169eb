"""Looking into what people send, in processes of their own that can be killed."""
