module example.com/acme/localmod

go 1.19

require example.com/acme/color v0.5.0
