from bihuan.site.cli import main

main(prog_name="bihuan")
