module example.com/acme/app

go 1.19

require (
	example.com/acme/greet v1.2.0
	example.com/acme/legacy v3.1.0+incompatible
	example.com/acme/log/v2 v2.4.0
	example.com/acme/nightly v0.0.0-20240502030405-ba9876543210
	example.com/acme/tool v0.9.0
)

require (
	example.com/acme/color v0.6.0 // indirect
	example.com/acme/text v0.3.1 // indirect
)
