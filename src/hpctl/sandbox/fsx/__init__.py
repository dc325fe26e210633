"""Amazon FSx in the sandbox: file systems that nodes mount, by name and over the network; nothing is stored."""
