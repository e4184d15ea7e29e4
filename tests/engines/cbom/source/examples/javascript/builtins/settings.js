exports.digest = 'md5';
const strong = 'sha384';
module.exports.strongest = strong;
