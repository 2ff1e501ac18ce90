-- What an agent's words and a contact's words mean to each other.

test('a skill is met at its level', function()
  local want = parts_of('2|email|skola=3')
  equal(fits('email#skola=3', want), true)
  equal(fits('email#skola=2', want), false)
  equal(fits('email#skola', want), false)
end)

test('the star takes every skill at its level', function()
  equal(fits('email#*=3', parts_of('2|email|skola=3')), true)
  equal(fits('email#*=2', parts_of('2|email|skola=3')), false)
  equal(fits('email#*=5,skola=1', parts_of('2|email|skola=3')), true)
end)

test('the star is no language and no protected identity', function()
  equal(fits('email#*=5', parts_of('2|email|lang:fi')), false)
  equal(fits('email#*=5,lang:fi=5', parts_of('2|email|lang:fi')), true)
  equal(fits('email#*=5', parts_of('2|email|protected')), false)
  equal(fits('email#*=5,protected', parts_of('2|email|protected')), true)
end)

test('a channel is one of hers', function()
  equal(fits('email,phone#*', parts_of('1|phone|')), true)
  equal(fits('email#*', parts_of('1|phone|')), false)
end)

test('a reserve takes what is opened to reserves', function()
  equal(fits('email#!reserve,*', parts_of('2|email|skola')), false)
  equal(fits('email#!reserve,*', parts_of('2|email|+reserve,skola')), true)
  equal(fits('email#*', parts_of('2|email|+reserve,skola')), true)
end)

test('the same question again has the same answer', function()
  local want = parts_of('3|visit|a,b=2')
  for _ = 1, 3 do equal(fits('visit#a,b=2', want), true) end
  for _ = 1, 3 do equal(fits('visit#a,b=1', want), false) end
end)

test('a question to a colleague asks for the channel alone', function()
  equal(takes('phone#gata', 'consult', parts_of('0|phone|skola=5')), true)
  equal(takes('email#*', 'consult', parts_of('0|phone|')), false)
  equal(takes('phone#gata', 'contact', parts_of('0|phone|skola=5')), false)
end)
