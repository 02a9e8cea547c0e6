module example.com/acme/app

go 1.19

require (
	example.com/acme/greet v1.2.0
	example.com/acme/log/v2 v2.4.0
)

require (
	example.com/acme/color v0.6.0 // indirect
	example.com/acme/text v0.3.1 // indirect
)
