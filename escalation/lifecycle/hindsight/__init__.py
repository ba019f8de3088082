"""What is learned: lessons, labels, opinions, knowledge."""
