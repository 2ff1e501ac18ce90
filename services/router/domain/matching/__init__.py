"""What a message is about: text, entrance and habit weighed into five likely case types."""
