"""Where steps run: this process, processes, a cluster. `choice` picks one."""
