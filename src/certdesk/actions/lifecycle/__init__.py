"""What ends or replaces a certificate: cancelling, revoking, reissuing, succeeding."""
