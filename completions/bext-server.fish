# made by man/make.py
function __bext_server_typed
    set -l words
    set -l before
    for word in (commandline -opc)[2..]
        switch "$before"
            case --config --nginx-config --pid-file --port -c -p -g -e --binary
            case '*'
                string match -q -- '--nginx-masquerade' $word; or string match -qv -- '-*' $word; and set -a words $word
        end
        set before $word
    end
    test "$words" = "$argv"
end
complete -c bext-server -f
complete -c bext-server -n '__bext_server_typed' -a 'run' -d 'serve in the foreground'
complete -c bext-server -n '__bext_server_typed "help"' -a 'run' -d 'serve in the foreground'
complete -c bext-server -n '__bext_server_typed' -a '--nginx-masquerade' -d 'serve in nginx'\''s name'
complete -c bext-server -n '__bext_server_typed "help"' -a '--nginx-masquerade' -d 'serve in nginx'\''s name'
complete -c bext-server -n '__bext_server_typed' -a 'nginx'
complete -c bext-server -n '__bext_server_typed "help"' -a 'nginx'
complete -c bext-server -n '__bext_server_typed' -a 'git-deploy' -d 'run a command on every push'
complete -c bext-server -n '__bext_server_typed "help"' -a 'git-deploy' -d 'run a command on every push'
complete -c bext-server -n '__bext_server_typed' -a 'upgrade' -d 'change the binary without losing a request'
complete -c bext-server -n '__bext_server_typed "help"' -a 'upgrade' -d 'change the binary without losing a request'
complete -c bext-server -n '__bext_server_typed' -a 'stop' -d 'finish what is under way and end'
complete -c bext-server -n '__bext_server_typed "help"' -a 'stop' -d 'finish what is under way and end'
complete -c bext-server -n '__bext_server_typed' -a 'ctl'
complete -c bext-server -n '__bext_server_typed "help"' -a 'ctl'
complete -c bext-server -n '__bext_server_typed "nginx"' -a 'check' -d 'test the configuration'
complete -c bext-server -n '__bext_server_typed "help nginx"' -a 'check' -d 'test the configuration'
complete -c bext-server -n '__bext_server_typed "ctl"' -a 'reload' -d 'read the configuration again'
complete -c bext-server -n '__bext_server_typed "help ctl"' -a 'reload' -d 'read the configuration again'
complete -c bext-server -n '__bext_server_typed "ctl"' -a 'status' -d 'what the server does'
complete -c bext-server -n '__bext_server_typed "help ctl"' -a 'status' -d 'what the server does'
complete -c bext-server -n '__bext_server_typed' -a 'help' -d 'All about one command'
complete -c bext-server -n '__bext_server_typed' -a '--help' -d 'The commands'
complete -c bext-server -n '__bext_server_typed' -a '--version' -d 'The version'
complete -c bext-server -n '__bext_server_typed "run"' -l config -rF -d 'bext'\''s own configuration'
complete -c bext-server -n '__bext_server_typed "run"' -l nginx-config -rF -d 'The nginx.conf to serve'
complete -c bext-server -n '__bext_server_typed "run"' -l pid-file -rF -d 'Where the server writes its process id'
complete -c bext-server -n '__bext_server_typed "run"' -l default-site -d 'Serves a built-in page on a loopback port and prints its address'
complete -c bext-server -n '__bext_server_typed "run"' -l port -x -d 'With --default-site: the first port to try'
complete -c bext-server -n '__bext_server_typed "run"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "--nginx-masquerade"' -l nginx-config -rF -d 'The nginx.conf to serve'
complete -c bext-server -n '__bext_server_typed "--nginx-masquerade"' -l pid-file -rF -d 'Where the server writes its process id'
complete -c bext-server -n '__bext_server_typed "--nginx-masquerade"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "nginx check"' -s c -rF -d 'The configuration'
complete -c bext-server -n '__bext_server_typed "nginx check"' -s p -rF -d 'Where relative paths start from'
complete -c bext-server -n '__bext_server_typed "nginx check"' -s g -x -d 'Directives that go before those of the configuration'
complete -c bext-server -n '__bext_server_typed "nginx check"' -s e -rF -d 'The error log until the configuration names one'
complete -c bext-server -n '__bext_server_typed "nginx check"' -s q -d 'Prints faults only'
complete -c bext-server -n '__bext_server_typed "nginx check"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "git-deploy"' -l config -rF -d 'bext'\''s own configuration'
complete -c bext-server -n '__bext_server_typed "git-deploy"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "upgrade"' -l binary -rF -d 'Tests whether FILE runs and accepts the configuration, and puts it in the place of the running binary, which is kept beside it as bext-server.prev'
complete -c bext-server -n '__bext_server_typed "upgrade"' -l pid-file -rF -d 'The pid file that names the server'
complete -c bext-server -n '__bext_server_typed "upgrade"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "stop"' -l pid-file -rF -d 'The pid file that names the server'
complete -c bext-server -n '__bext_server_typed "stop"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "ctl reload"' -l no-wait -d 'Only asks for it, and does not wait for the outcome'
complete -c bext-server -n '__bext_server_typed "ctl reload"' -l pid-file -rF -d 'The pid file that names the server'
complete -c bext-server -n '__bext_server_typed "ctl reload"' -l help -d 'All about this command'
complete -c bext-server -n '__bext_server_typed "ctl status"' -l json -d 'Prints JSON'
complete -c bext-server -n '__bext_server_typed "ctl status"' -l pid-file -rF -d 'The pid file that names the server'
complete -c bext-server -n '__bext_server_typed "ctl status"' -l help -d 'All about this command'
