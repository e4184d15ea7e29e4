define([], function () {
  return { main: 'a key of thirty-two bytes, fixed' };
});
