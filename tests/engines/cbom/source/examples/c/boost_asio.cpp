#include <boost/asio/ssl.hpp>

using namespace boost::asio;

void all(boost::asio::io_context &io) {
    auto old = new boost::asio::ssl::context(boost::asio::ssl::context::sslv3); // finds: use:SSLv3 weak-protocol
    auto context = ssl::context(ssl::context::tlsv12_client); // finds: use:TLSv1.2
    context.set_verify_mode(ssl::verify_peer);
    context.set_verify_mode(boost::asio::ssl::verify_none); // finds: disabled-certificate-check
    context.set_verify_callback([](bool ok, ssl::verify_context &) { return true; }); // finds: disabled-certificate-check
    context.set_verify_callback([](bool ok, ssl::verify_context &) { return ok; });
}
