exports.SECRET = 'of the file';
