module example.com/acme/lib

go 1.19

require example.com/acme/color v0.6.0
