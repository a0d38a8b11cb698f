"""What runs in the user's process. Frameworks are taken from `sys.modules`, never imported: the script decides what it uses."""
