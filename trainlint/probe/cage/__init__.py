"""The cage: what keeps a probed script from leaving anything behind.

The user's script is trusted to be the user's own: the cage is there so that a probe changes no file, reaches no network and
leaves no process, not to hold an attacker. `supervisor` runs between host and script. It takes what the kernel offers:

1. namespaces (`namespaces`): every file system read-only, what the script writes in its own folders goes to a layer in memory
   and vanishes with it, no network but loopback, and no process outlives the first one;
2. else Landlock and seccomp (`landlock`): writing outside of the scratch folder is refused, and so are network sockets;
3. else nothing but limits, which the report then says.
"""
