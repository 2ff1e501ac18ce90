"""The routing state in Redis, and the way from it to Kafka."""
