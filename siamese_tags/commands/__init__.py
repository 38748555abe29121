"""The functions behind the commands of ``siamese-tags``, by the rule of ``mwe.commands``: nothing heavy at the top."""
