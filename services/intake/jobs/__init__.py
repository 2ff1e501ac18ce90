"""The loops of intake: the mailbox and the pruning."""
