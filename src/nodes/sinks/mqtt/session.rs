//! One connection to a broker, from its birth to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event as Traffic, EventLoop, LastWill,
    MqttOptions, NetworkOptions, Outgoing, Packet, QoS, TlsConfiguration, Transport,
};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::timeout;

use super::options::Broker;
use super::shared::{Note, Shared, lock};
use super::waiting::Unacknowledged;
use crate::nodes::parts::outbox::{Reading, record};
use crate::nodes::parts::remote::tls;
use crate::pipeline::contract::error::{Error, Result};

/// So many messages may be on their way at a time.
const WINDOW: usize = 100;
/// Birth and good-bye come on top of that.
const ROOM: usize = 4;
/// MQTT's own limit.
const LARGEST_PACKET: usize = 268_435_455;
/// A broker that does not let us in within so many seconds is away.
const CONNECTING_S: u64 = 10;
/// How often it is looked for what ends without an event.
const TICK: Duration = Duration::from_millis(500);
/// So long a broker gets to acknowledge our good-bye.
const GOOD_BYE: Duration = Duration::from_millis(400);

/// How a connection ended.
pub enum Ended {
    /// It was to.
    Stopped,
    /// It was not.
    Failed {
        /// Why.
        error: Error,
        /// Whether the broker has acknowledged anything.
        has_worked: bool,
    },
}

/// An open connection.
struct Session<'a> {
    broker: &'a Broker,
    shared: &'a Shared,
    client: AsyncClient,
    unacknowledged: Unacknowledged,
    reading: Reading,
    is_open: bool,
    has_worked: bool,
    /// When it has said good-bye.
    leaves: Option<Instant>,
    /// Whether it has asked for the end, and whether that has gone out: then the broker forgets the will.
    parts: bool,
    has_parted: bool,
}

/// Connects and sends what there is, until it is to stop.
pub async fn run(
    broker: &Broker,
    shared: &Shared,
    number: u64,
    traffic: &Sender<Note>,
    noted: &mut Receiver<Note>,
) -> Ended {
    let (client, mut events) = AsyncClient::new(options(broker), WINDOW + ROOM);
    let mut network = NetworkOptions::new();
    network.set_connection_timeout(CONNECTING_S);
    network.set_tcp_nodelay(true);
    events.set_network_options(network);
    let driver = tokio::spawn(drive(events, number, traffic.clone()));
    let mut session = Session {
        broker,
        shared,
        client,
        unacknowledged: Unacknowledged::default(),
        reading: Reading::default(),
        is_open: false,
        has_worked: false,
        leaves: None,
        parts: false,
        has_parted: false,
    };
    lock(&shared.book).begin_anew();
    let ended = session.go_on(number, noted).await;
    driver.abort();
    match ended {
        Ok(()) => Ended::Stopped,
        Err(error) => Ended::Failed {
            error,
            has_worked: session.has_worked,
        },
    }
}

/// Polls the connection by itself, as half a poll would lose what is being sent.
async fn drive(mut events: EventLoop, number: u64, notes: Sender<Note>) {
    loop {
        let polled = events.poll().await;
        let is_over = polled.is_err();
        if notes.send(Note::Traffic(number, polled)).await.is_err() || is_over {
            return;
        }
    }
}

impl Session<'_> {
    async fn go_on(&mut self, number: u64, noted: &mut Receiver<Note>) -> Result<()> {
        loop {
            if self.shared.post.stops() && self.say_good_bye() {
                return Ok(());
            }
            if self.is_open && self.leaves.is_none() {
                if let Some(home) = &self.shared.home {
                    lock(home).tick(Instant::now(), &mut lock(&self.shared.book));
                }
                self.send()?;
            }
            let mut note = timeout(TICK, noted.recv()).await.ok().flatten();
            // All that has come is looked at before more is sent.
            while let Some(it) = note {
                if let Note::Traffic(of, polled) = it
                    && of == number
                {
                    let learnt = self.learn(polled);
                    if learnt.is_err() && self.leaves.is_some() {
                        return Ok(());
                    }
                    learnt?;
                }
                note = noted.try_recv().ok();
            }
        }
    }

    /// Says good-bye, or looks whether it was heard; says whether the connection can go.
    fn say_good_bye(&mut self) -> bool {
        if !self.is_open {
            return true;
        }
        let Some(since) = self.leaves else {
            self.leaves = Some(Instant::now());
            let topic = self.broker.topics.availability();
            return self.publish(None, topic, true, "offline".into()).is_err();
        };
        if self.unacknowledged.count() == 0 && !self.parts {
            self.parts = true;
            return self.client.try_disconnect().is_err();
        }
        self.has_parted || since.elapsed() > GOOD_BYE
    }

    fn learn(&mut self, polled: Result<Traffic, ConnectionError>) -> Result<()> {
        match polled.map_err(|error| explained(&error, self.broker))? {
            Traffic::Incoming(Packet::ConnAck(_)) => {
                self.is_open = true;
                self.publish(None, self.availability(), true, "online".into())?;
                self.shared.post.there();
            }
            Traffic::Incoming(Packet::PubAck(ack)) => {
                self.has_worked = true;
                for record in self.unacknowledged.acknowledge(ack.pkid) {
                    let noted = self.shared.post.outbox.delivered(record);
                    noted.map_err(|error| {
                        Error::retry(format!("cannot note what was sent: {error}"))
                    })?;
                }
                self.count();
            }
            Traffic::Outgoing(Outgoing::Publish(packet)) => self.unacknowledged.went_out(packet),
            Traffic::Outgoing(Outgoing::Disconnect) => self.has_parted = true,
            _ => {}
        }
        Ok(())
    }

    /// Gives the connection what it has room for: states first, as they are few.
    fn send(&mut self) -> Result<()> {
        while self.unacknowledged.count() < WINDOW {
            let word = lock(&self.shared.book).next();
            if let Some((topic, word)) = word {
                if let Some(bytes) = word.bytes() {
                    self.publish(None, topic, true, bytes)?;
                }
                continue;
            }
            let next = self.shared.post.outbox.take(&mut self.reading);
            let next =
                next.map_err(|error| Error::retry(format!("cannot read what waits: {error}")))?;
            let Some((number, record)) = next else { break };
            let (kind, line) = record::parts(&record).unwrap_or(("unknown", &record));
            let topic = self.broker.topics.events(kind);
            self.publish(Some(number), topic, false, line.to_vec())?;
        }
        Ok(())
    }

    fn publish(
        &mut self,
        record: Option<u64>,
        topic: String,
        retain: bool,
        bytes: Vec<u8>,
    ) -> Result<()> {
        let given = self
            .client
            .try_publish(topic, QoS::AtLeastOnce, retain, bytes);
        given.map_err(|_| Error::retry("the connection does not take more"))?;
        self.unacknowledged.push(record);
        self.count();
        Ok(())
    }

    fn count(&self) {
        let count = self.unacknowledged.count();
        self.shared.unacknowledged.store(count, Relaxed);
    }

    fn availability(&self) -> String {
        self.broker.topics.availability()
    }
}

fn options(broker: &Broker) -> MqttOptions {
    let address = &broker.address;
    // Without brackets also where it is an IPv6 address, as TLS takes it for the name on the certificate.
    let mut options = MqttOptions::new(&broker.client_id, &address.host, address.port);
    let will = LastWill::new(
        broker.topics.availability(),
        "offline",
        QoS::AtLeastOnce,
        true,
    );
    options
        .set_last_will(will)
        .set_keep_alive(broker.keep_alive)
        .set_max_packet_size(64 << 10, LARGEST_PACKET)
        // Never full: what is given to the connection goes out.
        .set_inflight(WINDOW as u16 * 2);
    if let Some((user, password)) = &address.login {
        options.set_credentials(user, password.expose());
    }
    if let Some(tls) = &broker.tls {
        let tls = TlsConfiguration::Rustls(Arc::clone(tls));
        options.set_transport(Transport::tls_with_config(tls));
    }
    options
}

/// Why there is no connection, and what to do about it.
fn explained(error: &ConnectionError, broker: &Broker) -> Error {
    let place = format!("{}:{}", broker.address.host, broker.address.port);
    let refused = |why: &str| Error::Refused(format!("the broker at {place} refuses us: {why}"));
    match error {
        ConnectionError::ConnectionRefused(code) => match code {
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                refused("see `user` and `password`, and what the broker allows them")
            }
            ConnectReturnCode::BadClientId => refused("name another `client_id`"),
            ConnectReturnCode::RefusedProtocolVersion => refused("it does not speak MQTT 3.1.1"),
            _ => Error::retry(format!("the broker at {place} is not available")),
        },
        ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => {
            Error::retry(format!("the broker at {place} does not answer"))
        }
        other => {
            let why = other.to_string();
            match tls::advice(&why) {
                Some(advice) => refused(&format!("{why}; {advice}")),
                None => Error::retry(format!("no connection to the broker at {place}: {why}")),
            }
        }
    }
}
