#include <boost/asio/ssl.hpp>

namespace ssl = boost::asio::ssl;

void all(boost::asio::io_context &io) {
    boost::asio::ssl::context old(boost::asio::ssl::context::sslv3); // finds: use:SSLv3 weak-protocol
    ssl::context context(ssl::context::tlsv12_client); // finds: use:TLSv1.2
    context.set_verify_mode(ssl::verify_peer); // finds: use:TLS
    context.set_verify_mode(boost::asio::ssl::verify_none); // finds: disabled-certificate-check
    context.set_verify_callback([](bool ok, ssl::verify_context &) { return true; }); // finds: disabled-certificate-check
    context.set_verify_callback([](bool ok, ssl::verify_context &) { return ok; }); // finds: use:TLS
}

class Connector {
  public:
    explicit Connector(ssl::context &context) {
        context.set_verify_callback(std::bind(&Connector::verify, this, std::placeholders::_1, std::placeholders::_2)); // finds: disabled-certificate-check
        context.set_verify_callback(std::bind(&Connector::look, this, std::placeholders::_1, std::placeholders::_2)); // finds: use:TLS
    }

  private:
    bool verify(bool, ssl::verify_context &) { return true; }
    bool look(bool ok, ssl::verify_context &) { return ok; }
};

void server() {
    ssl::context context{ssl::context::tlsv12_server}; // finds: use:TLSv1.2
    context.set_verify_mode(ssl::verify_none); // finds: use:TLS
}
