module example.com/acme/app

go 1.16

require (
	example.com/acme/greet v1.1.0
	example.com/acme/legacy v3.0.0+incompatible
	example.com/acme/log/v2 v2.3.1
	example.com/acme/nightly v0.0.0-20240102030405-0123456789ab
	example.com/acme/tool v0.9.0
)
