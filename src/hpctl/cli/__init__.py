"""The command line: parse, wire, ask; everything else is done by services and said by render."""
