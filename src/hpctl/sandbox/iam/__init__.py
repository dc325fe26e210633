"""AWS IAM in the sandbox: moto's, with policy simulation and the AWS managed policies that clusters need."""
