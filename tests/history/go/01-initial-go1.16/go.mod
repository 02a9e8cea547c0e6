module example.com/acme/app

go 1.16

require example.com/acme/greet v1.0.0
