"""The functions behind ``siamese-tags reproduce``, by the rule of ``mwe.commands``: nothing heavy at the top."""
