import { aws_apigateway as gateway, aws_opensearchservice as search } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { SslPolicy } from '@aws-cdk/aws-elasticloadbalancingv2';

new gateway.DomainName(scope, 'a', { securityPolicy: gateway.SecurityPolicy.TLS_1_0 }); // finds: use:TLSv1.0 weak-protocol
new gateway.DomainName(scope, 'b', { securityPolicy: gateway.SecurityPolicy.TLS_1_2 }); // finds: use:TLSv1.2
new search.Domain(scope, 'c', { tlsSecurityPolicy: search.TLSSecurityPolicy.TLS_1_0 }); // finds: use:TLSv1.0 weak-protocol
new cloudfront.Distribution(scope, 'd', {
  minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_1_2016, // finds: use:TLSv1.1 weak-protocol
});
new cloudfront.Distribution(scope, 'e', {
  minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021, // finds: use:TLSv1.2
});
listener({ sslPolicy: SslPolicy.TLS11 }); // finds: use:TLSv1.1 weak-protocol
listener({ sslPolicy: SslPolicy.RECOMMENDED_TLS }); // finds: use:TLSv1.3
helmet({ securityPolicy: "default-src 'self'" });

// Pulumi and plain CloudFormation.
import * as tls from '@pulumi/tls';
import * as random from '@pulumi/random';

new tls.PrivateKey('ca', { algorithm: 'RSA', rsaBits: 1024 }); // finds: use:RSA weak-key-size
new tls.PrivateKey('ca', { algorithm: 'ECDSA', ecdsaCurve: 'P384' }); // finds: use:ECDSA
new random.RandomPassword('password', { length: 32 }); // finds: use:CSPRNG
listener({ sslPolicy: 'ELBSecurityPolicy-2016-08' }); // finds: use:TLSv1.0 weak-protocol
listener({ sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06' }); // finds: use:TLSv1.2
distribution({ minimumProtocolVersion: 'TLSv1_2016' }); // finds: use:TLSv1.0 weak-protocol
distribution({ minimumProtocolVersion: 'TLSv1.2_2021' }); // finds: use:TLSv1.2
