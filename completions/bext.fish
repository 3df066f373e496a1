complete -c bext -f
complete -c bext -n __fish_use_subcommand -a reload -d 'Read the configuration again'
complete -c bext -n __fish_use_subcommand -a upgrade -d 'Change the binary without losing a request'
complete -c bext -n __fish_use_subcommand -a stop -d 'Finish what is under way and end'
complete -c bext -n __fish_use_subcommand -a status -d 'What the server does'
complete -c bext -n __fish_use_subcommand -a nginx -d "In nginx's place"
complete -c bext -n '__fish_seen_subcommand_from nginx; and not __fish_seen_subcommand_from masquerade' -a masquerade
complete -c bext -n '__fish_seen_subcommand_from masquerade' -a 'install uninstall status doctor'
complete -c bext -n '__fish_seen_subcommand_from install uninstall' -l no-now -d 'Leave the running server alone'
complete -c bext -n '__fish_seen_subcommand_from install uninstall' -l dry-run -d 'Only tell what would be done'
complete -c bext -n '__fish_seen_subcommand_from doctor' -l act -d 'Also try what acts on the server'
complete -c bext -n __fish_use_subcommand -l help -d 'Print every option'
complete -c bext -n __fish_use_subcommand -l version -d 'Print the version'
complete -c bext -n '__fish_seen_subcommand_from reload upgrade stop status' -l pid-file -rF -d 'Pid file of the server'
complete -c bext -n '__fish_seen_subcommand_from reload' -l nowait -d 'Do not wait for the outcome'
complete -c bext -n '__fish_seen_subcommand_from upgrade' -l binary -rF -d 'Program to put in place of the running one'
complete -c bext -n '__fish_seen_subcommand_from status install uninstall doctor' -l json -d 'Print JSON'
