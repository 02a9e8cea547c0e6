module example.com/acme/service

go 1.19

require example.com/acme/greet v1.2.0

require (
	example.com/acme/color v0.6.0 // indirect
	example.com/acme/text v0.3.0 // indirect
)
