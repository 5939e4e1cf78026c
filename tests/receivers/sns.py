"""moto's SNS with a topic and a FIFO topic, each with an SQS queue that is subscribed to it.

Its first line has the endpoint and the topics. For each line on standard input, `topic` or `fifo`, it prints the next
message of that queue.
"""

import json
import logging
import sys

import boto3
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
endpoint = f"http://{host}:{port}"
options = dict(
    endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
)
sns, sqs = boto3.client("sns", **options), boto3.client("sqs", **options)


def subscribed(name, **attributes):
    topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
    queue = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


topics = {"topic": subscribed("alarms"), "fifo": subscribed("alarms.fifo", FifoTopic="true", FifoQueue="true")}
print(json.dumps({"endpoint": endpoint, **{name: topic for name, (topic, _) in topics.items()}}), flush=True)
for line in sys.stdin:
    queue = topics[line.strip()][1]
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, MaxNumberOfMessages=1).get("Messages", [])
    for message in messages:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    print(json.dumps(json.loads(messages[0]["Body"]) if messages else None), flush=True)
