module example.com/acme/app

go 1.16

require (
	example.com/acme/greet v1.1.0
	example.com/acme/legacy v3.0.0+incompatible
	example.com/acme/log/v2 v2.3.1
)
