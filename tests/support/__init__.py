"""What the tests stand on: real servers, processes and clients, and the one way to wait."""
