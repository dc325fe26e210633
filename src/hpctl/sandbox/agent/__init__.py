"""The sandbox's Session Manager agent: the other end of data channels, with the machines of nodes behind it."""
