"""Steps as the first version of the journey has them, where the present ones differ."""
