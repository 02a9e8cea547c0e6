module example.com/acme/service

go 1.16

require example.com/acme/greet v1.1.0
