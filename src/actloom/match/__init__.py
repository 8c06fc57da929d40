"""What is the same, nearly the same, or a part of something else: on disk, in flat memory."""
