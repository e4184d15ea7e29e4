exports.hash = "md5";
