module example.com/acme/app/tools

go 1.19

require example.com/acme/flags v1.0.1
