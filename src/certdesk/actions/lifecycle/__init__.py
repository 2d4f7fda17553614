"""What ends or replaces a certificate: cancellation, revocation, reissue, renewal."""
