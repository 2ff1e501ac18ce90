"""What is counted, what is normal, what is abnormal: pure, with numpy and scipy."""
