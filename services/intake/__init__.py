"""intake: the outside world becomes ContactReceived."""
