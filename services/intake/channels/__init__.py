"""The outside world's formats: mail servers, telephony, forms."""
