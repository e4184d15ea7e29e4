const jwt = require('jsonwebtoken');

const it = (name, action) => action(name);

module.exports = (request) => {
  it('is no test here', () => jwt.decode(request.body.token)); // finds: unverified-signature
};
