"""Takes weights from the files and objects of other libraries."""
