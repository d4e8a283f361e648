//! Group reads: what waits to be read shares a connection, a transaction and, on PostgreSQL, a statement.
//!
//! A reader takes what is waiting, without a timer, as a writer does. Under load most reads begin and end without a thread that
//! has to be woken for them alone.

use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use futures_channel::oneshot;
use protocol::Timestamp;

use crate::client_row::ClientRow;
use crate::crew::{Crew, Trade};
use crate::desk::{Answers, Desk, NotQueued, Queue};
use crate::error::StoreError;
use crate::find_many::find_many;
use crate::information::Information;
use crate::pool::Pool;
use crate::seal::{SealingKey, same};
use crate::uses::Uses;
use crate::writer::closed;

/// How many reads share a statement at most.
const BATCH: usize = 64;

/// How many read: one more than could do it, so that a page that has to come from the disk holds up half of them.
const SIZE: usize = 2;

/// The information of which client is asked for, and with what right.
pub struct Question {
    /// The provider it belongs to.
    pub provider: String,
    /// The client.
    pub client_id: String,
    /// The digest of its registration access token.
    pub token_digest: String,
    /// When it is asked for.
    pub now: Timestamp,
}

/// What is answered: nothing, for whoever has no right to it.
type Answer = Option<Information>;

/// The queue of reads and the threads that empty it, which are started for the first.
pub struct Reader {
    pool: Arc<Pool>,
    seal: SealingKey,
    uses: Arc<Uses>,
    started: OnceLock<Result<Started, StoreError>>,
}

struct Started {
    crew: Arc<Crew<Readers>>,
    /// The watch over the crew ends with it.
    _watch: Sender<()>,
}

impl Reader {
    /// Readers of what those connections lead to.
    pub fn new(pool: &Arc<Pool>, seal: &SealingKey, uses: &Arc<Uses>) -> Self {
        Self {
            pool: Arc::clone(pool),
            seal: seal.clone(),
            uses: Arc::clone(uses),
            started: OnceLock::new(),
        }
    }

    /// Queues a question.
    pub fn ask(
        &self,
        question: Question,
    ) -> Result<oneshot::Receiver<Result<Answer, StoreError>>, StoreError> {
        let started = self
            .started
            .get_or_init(|| self.start())
            .as_ref()
            .map_err(StoreError::clone)?;
        started
            .crew
            .queue
            .push(question)
            .map_err(|refused| match refused {
                NotQueued::Full => StoreError::Unavailable("too many reads are waiting".to_owned()),
                NotQueued::Closed => closed(),
            })
    }

    fn start(&self) -> Result<Started, StoreError> {
        let readers = Readers {
            pool: Arc::clone(&self.pool),
            seal: self.seal.clone(),
            uses: Arc::clone(&self.uses),
        };
        let (crew, watch) = Crew::start(readers, SIZE)?;
        Ok(Started {
            crew,
            _watch: watch,
        })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.crew.finish();
    }
}

/// Those who read.
struct Readers {
    pool: Arc<Pool>,
    seal: SealingKey,
    uses: Arc<Uses>,
}

impl Trade for Readers {
    type Wanted = Question;
    type Answer = Answer;

    const THREAD: &'static str = "store-reader";

    /// To wake a thread takes longer than to read a client, and the more share a batch, the less each of them costs.
    const ENOUGH: usize = 32;

    /// A batch costs next to nothing by itself, and was measured to cost more for each read when it was larger.
    const LETS_OTHERS_GO_FIRST: bool = false;

    fn work(&self, queue: &Queue<Question, Answer>, desk: &Desk<Answer>) {
        while let Some(mut jobs) = queue.take(BATCH) {
            jobs.retain(|job| !job.answer.is_canceled());
            if jobs.is_empty() {
                continue;
            }
            let (questions, answers): (Vec<_>, Vec<_>) =
                jobs.into_iter().map(|job| (job.wanted, job.answer)).unzip();
            desk.begin(Answers(answers));
            let mut told = self.look_up(&questions).into_iter();
            let Some(answers) = desk.end() else { return };
            for (answer, told) in answers.0.into_iter().zip(&mut told) {
                drop(answer.send(told));
            }
        }
    }
}

impl Readers {
    /// An answer for each question, in order.
    fn look_up(&self, questions: &[Question]) -> Vec<Result<Answer, StoreError>> {
        let ids: Vec<&str> = questions
            .iter()
            .map(|question| question.client_id.as_str())
            .collect();
        match self.pool.look(|connection| find_many(connection, &ids)) {
            Ok(rows) => questions
                .iter()
                .zip(rows)
                .map(|(question, row)| self.answer(question, row))
                .collect(),
            // One that is refused keeps nobody from the others.
            Err(error) if !error.is_unavailable() && questions.len() > 1 => questions
                .iter()
                .flat_map(|question| self.look_up(std::slice::from_ref(question)))
                .collect(),
            Err(error) => questions.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn answer(&self, question: &Question, row: Option<ClientRow>) -> Result<Answer, StoreError> {
        let Some(row) = row else {
            // An unknown client costs a comparison too.
            std::hint::black_box(same(&question.token_digest, &question.token_digest));
            return Ok(None);
        };
        if !row.is_managed_with(&question.provider, &question.token_digest, question.now) {
            return Ok(None);
        }
        let known = row.last_used_at;
        let information = Information::of(row, &self.seal)?;
        self.uses.note(&question.client_id, known, question.now);
        Ok(Some(information))
    }
}
