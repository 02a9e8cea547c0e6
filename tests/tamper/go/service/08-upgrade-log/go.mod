module example.com/acme/service

go 1.19

require (
	example.com/acme/check v1.0.0
	example.com/acme/greet v1.1.0
	example.com/acme/log/v2 v2.4.0
)

require (
	example.com/acme/color v0.6.0 // indirect
	example.com/acme/text v0.2.0 // indirect
)
